// Package chromium starts the browser in which tests and the benchmark open the
// web app.
package chromium
