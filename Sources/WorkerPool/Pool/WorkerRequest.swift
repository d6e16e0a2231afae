/// An attempt's place in the pool's line for a worker.
package struct WorkerRequest: Sendable {
    let id: Int
    let answer: OneShot<Result<any Worker, WorkerError>>
    let notifier: AsyncStream<String>.Continuation

    /// Why it still waits, in plain words, until it is answered; the newest few are kept.
    package let notices: AsyncStream<String>

    /// The answer, if it is there.
    package var granted: Result<any Worker, WorkerError>? { answer.current }

    init(id: Int) {
        self.id = id
        answer = OneShot()
        (notices, notifier) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(8))
    }

    func end(_ result: Result<any Worker, WorkerError>) {
        notifier.finish()
        answer.set(result)
    }
}
