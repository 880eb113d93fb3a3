/** What is made when it is first asked for: to make one of the browser's formats takes milliseconds, and few pages need all. */
export function lazily<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}
