/// Runs file work of workers one after the other on a thread of its own: emptying what a build left behind can take
/// seconds, in which a cooperative thread would stop every timer.
actor FileThread {
    static let shared = FileThread()
    private static let thread = DedicatedThread(name: "acode-files")

    nonisolated var unownedExecutor: UnownedSerialExecutor { Self.thread.asUnownedSerialExecutor() }

    func run<Value: Sendable, Failure: Error>(
        _ work: @Sendable () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try work()
    }
}
