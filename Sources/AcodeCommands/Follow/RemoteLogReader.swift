internal import ControlPlane
internal import Supervisor
internal import TaskModel

/// Reads the log of one attempt from the supervisor that has it. Its errors are `ControlClientError`, in words that name the
/// supervisor; `not_found` is one of them, also while an attempt has not begun.
actor RemoteLogReader: AttemptLogReader {
    private let client: PeerClient
    private let task: TaskID
    private let attempt: Int
    private let installation: String?
    private var offset: Int64 = 0
    private var assembler = LogEntryAssembler()
    private var emptyAt: ContinuousClock.Instant?

    /// How long to wait after the end of what was written: others may follow too, and it is a network.
    private static let pause = Duration.milliseconds(250)

    init(_ client: PeerClient, _ attempt: TaskAttempt) {
        self.client = client
        task = attempt.taskID
        self.attempt = attempt.attempt
        installation = attempt.installation
    }

    func next() async throws -> [ContainerLogFormat.Entry] {
        // Each look must be a real one: who sees none after an attempt's end takes that for the end of its log.
        if let emptyAt { try await Task.sleep(until: emptyAt + Self.pause, clock: .continuous) }
        emptyAt = nil
        while true {
            let bytes: [UInt8]
            do throws(ControlClientError) {
                bytes = try await client.log(
                    task: task.rawValue, attempt: attempt, offset: offset, installation: installation)
            } catch {
                emptyAt = .now
                throw Self.explained(error, address: client.address)
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

    /// The same in words for who does not know which supervisor was asked, and what to do about it.
    static func explained(_ error: ControlClientError, address: String) -> ControlClientError {
        let words =
            switch error.failure?.code {
            case .notFound: "the supervisor at \(address) has no log of it"
            case .misdirected: "at \(address) is a supervisor that is not its own, see supervisor.advertise"
            case .unauthorized: "\(error.message): supervisor.tokenFile must hold the same on both hosts"
            default: error.message
            }
        return ControlClientError(error.code, words, failure: error.failure)
    }
}
