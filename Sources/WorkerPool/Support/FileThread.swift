/// Runs file work one after the other on a thread of its own, so that it never stops a cooperative thread and with it
/// every timer.
package actor FileThread {
    /// For workers' directories: emptying what a build left behind can take seconds.
    package static let shared = FileThread(name: "acode-files")
    /// For the kernel's own files, which answer at once and may be gone a moment later.
    static let kernel = FileThread(name: "acode-kernel-files")

    /// For what a local worker leaves behind: the kernel may take a second to let go of what was killed in a cgroup, and
    /// many may end at once.
    package static func leftovers(of worker: String) -> FileThread {
        leftovers[worker.utf8.reduce(0) { $0 &+ Int($1) } % leftovers.count]
    }

    private static let leftovers = (1...4).map { FileThread(name: "acode-left-\($0)") }

    private let thread: DedicatedThread

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private init(name: String) { thread = DedicatedThread(name: name) }

    /// Runs `work`, after what was asked for before.
    package func run<Value: Sendable, Failure: Error>(
        _ work: @Sendable () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try work()
    }
}
