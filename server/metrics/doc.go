// Package metrics says how the hub is doing: to Prometheus, and to whoever
// decides whether it should get requests.
package metrics
