declare module "*.wasm" {
  /** Where the bundler put it. */
  const url: string
  export default url
}
