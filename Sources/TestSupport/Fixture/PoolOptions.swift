/// How a test's supervisor is started.
package struct PoolOptions: Sendable {
    /// Workers.
    package var count = 1
    /// The pool's image.
    package var image = TestImage.busybox
    /// The engine's socket; `nil` is that of the backend's engine.
    package var engineSocket: String?
    /// Engines of the test's own; `nil` are those all tests share.
    package var engines: EngineInstance?
    /// The pool's name; `nil` is the fixture's.
    package var pool: String?
    /// Further options of `worker start`.
    package var flags = ["--no-fallback"]
    /// A program and its arguments that executes the supervisor, to change its surroundings.
    package var wrapper: [String] = []
    /// Added to the fixture's variables.
    package var environment: [String: String] = [:]
    /// Whether `withSupervisor` waits for all workers before it runs its closure.
    package var waitsForWorkers = true
    /// How long the supervisor may take to end after SIGTERM before it is killed, which fails the test.
    package var grace = Duration.seconds(30)
    /// Whether another exit code than 0 is all right.
    package var mayFail = false

    /// The user the supervisor runs as; `nil` is the test's own. Owns the fixture's directories from then on.
    package var user: UInt32?

    /// One worker, no fallback.
    package init() {}

    /// `count` workers, no fallback.
    package init(count: Int) { self.count = count }
}
