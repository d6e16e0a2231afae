/// An attempt's place in the pool's line for a worker.
package struct WorkerRequest: Sendable {
    let id: Int
    let answer: OneShot<Result<any Worker, WorkerError>>
}
