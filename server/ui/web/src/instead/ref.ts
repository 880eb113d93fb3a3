// Stands for automerge-repo's places within documents (handle.ref), which nobody asks for here.

export class RefImpl {
  constructor() {
    throw new Error("This app is built without automerge-repo's refs (cmd/webbuild says what stands for what).")
  }
}
