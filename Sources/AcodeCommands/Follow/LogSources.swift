internal import ControlPlane
internal import Foundation
internal import Settings
internal import Supervisor
internal import TaskModel
internal import TaskStore

/// Where logs of attempts are read: in this state directory, or from the supervisors that have them.
struct LogSources: Sendable {
    /// What came of looking for one.
    enum Source: Sendable {
        case file(LogFileReader)
        case supervisor(RemoteLogReader)
        /// Why nobody can read it here, in plain words.
        case nowhere(String)
    }

    private let place: LogPlace
    private let token: Result<PeerToken, PeerTokenProblem>?
    private let lease: Duration
    private let time: StoreTime

    /// - Parameters:
    ///   - lease: a supervisor that was not seen for so long is none any more.
    ///   - time: the store's.
    init(
        _ layout: StateLayout, peers: PeerSettings = PeerSettings(), lease: Duration = QueueSettings().lease,
        time: StoreTime = StoreTime(StoreSettings())
    ) {
        place = LogPlace(layout)
        (self.lease, self.time) = (lease, time)
        token =
            peers.tokenFile.isEmpty
            ? nil : Result { () throws(PeerTokenProblem) in try PeerToken(file: peers.tokenFile) }
    }

    init(_ context: CommandContext) {
        let settings = context.settings
        self.init(
            context.layout, peers: settings.supervisor, lease: settings.queue.lease, time: StoreTime(settings.store))
    }

    /// Where to read the log of an attempt.
    func source(of attempt: TaskAttempt, _ store: any TaskStore) async throws -> Source {
        if place.has(attempt) {
            return .file(LogFileReader(path: place.layout.log(task: attempt.taskID, attempt: attempt.attempt)))
        }
        guard let installation = attempt.installation else { return .nowhere("it did not say where") }
        // Who has the address of a dead one by now must not be told the token. Of several pools each can read the logs of all.
        let living = try await store.supervisors().living(within: lease, at: time.now())
        let there = living.filter { $0.installation == installation }.sorted { $0.seenAt > $1.seenAt }
        guard !there.isEmpty else {
            let silence = Int(lease / .seconds(1))
            return .nowhere("no supervisor runs there now: none was seen for \(silence) s, see queue.lease")
        }
        guard let address = there.lazy.compactMap(\.address).compactMap(Self.address).first else {
            return .nowhere("its supervisor serves no logs to other hosts, see supervisor.listen")
        }
        switch token {
        case nil: return .nowhere("no token is configured to ask its supervisor, see supervisor.tokenFile")
        case .failure(let problem): return .nowhere(problem.message)
        case .success(let token):
            return .supervisor(
                RemoteLogReader(PeerClient(host: address.host, port: address.port, token: token), attempt))
        }
    }

    /// An address as supervisors note it.
    static func address(_ text: String) -> ListenAddress? {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return host.isEmpty ? nil : ListenAddress(host: String(host), port: Int(port))
    }
}

/// An attempt whose log can't be read here.
struct LogElsewhere: Sendable, Equatable {
    var attempt: TaskAttempt
    /// Why, in plain words.
    var reason: String

    /// For people.
    var words: String { "the log of attempt \(attempt.attempt) is on the host \(attempt.host.onOneLine): \(reason)" }
}
