internal import ControlPlane
internal import Supervisor
internal import TaskModel

/// Reads the log of one attempt from the supervisor that has it.
actor RemoteLogReader: AttemptLogReader {
    private let client: PeerClient
    private let task: TaskID
    private let attempt: Int
    private var offset: Int64 = 0
    private var assembler = LogEntryAssembler()
    private var emptyAt: ContinuousClock.Instant?

    /// How long to wait after the end of what was written: others may follow too, and it is a network.
    private static let pause = Duration.milliseconds(250)

    init(_ client: PeerClient, task: TaskID, attempt: Int) {
        self.client = client
        self.task = task
        self.attempt = attempt
    }

    func next() async throws -> [ContainerLogFormat.Entry] {
        // Each look must be a real one: who sees none after an attempt's end takes that for the end of its log.
        if let emptyAt { try await Task.sleep(until: emptyAt + Self.pause, clock: .continuous) }
        emptyAt = nil
        while true {
            let bytes: [UInt8]
            do throws(ControlClientError) {
                bytes = try await client.log(task: task.rawValue, attempt: attempt, offset: offset)
            } catch {
                // An attempt that never began has none, as a file that isn't there.
                guard error.failure?.code == .notFound else { throw error }
                bytes = []
            }
            guard !bytes.isEmpty else {
                emptyAt = .now
                return []
            }
            offset += Int64(bytes.count)
            let entries = assembler.feed(bytes[...])
            if !entries.isEmpty { return entries }
        }
    }

    func end() {}
}
