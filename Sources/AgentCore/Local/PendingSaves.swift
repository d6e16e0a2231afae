import AgentProtocol

/// The checkpoints that a task waits for: sent when there is a supervisor, and again to the next one. Pure.
struct PendingSaves {
    /// One of them.
    struct Pending {
        let save: CheckpointSave
        /// Who waits for it.
        let ticket: UInt64
        /// Since when nobody is there to answer it.
        var since: Nanos
        var isSent = false
    }

    /// How many may wait at once.
    static let most = 8
    /// How long one waits for a supervisor to send it to.
    static let patience = Nanos.seconds(20)

    private var list: [Pending] = []
    private var lastNumber: UInt64 = 0

    /// Whether any waits.
    var isEmpty: Bool { list.isEmpty }

    /// Takes one; returns why not, in words.
    mutating func add(
        _ attempt: AttemptRef, phase: Int, data: String?, artifacts: [String], isForced: Bool, ticket: UInt64,
        now: Nanos
    ) -> LocalReply? {
        if let mistake = Self.mistake(data: data, artifacts: artifacts) {
            return LocalReply(ok: false, message: mistake, verdict: .refused)
        }
        guard list.count < Self.most else {
            return LocalReply(ok: false, message: "\(Self.most) checkpoints are being saved", verdict: .unavailable)
        }
        lastNumber += 1
        list.append(
            Pending(
                save: CheckpointSave(
                    attempt: attempt, number: lastNumber, phase: phase, data: data, artifacts: artifacts,
                    isForced: isForced),
                ticket: ticket, since: now))
        return nil
    }

    private static func mistake(data: String?, artifacts: [String]) -> String? {
        if let data, data.utf8.count > CheckpointSave.largestData {
            return "the data has \(data.utf8.count) bytes; at most \(CheckpointSave.largestData) are kept, so put more "
                + "into an artifact"
        }
        if artifacts.count > CheckpointSave.mostArtifacts {
            return "there are \(artifacts.count) artifacts; at most \(CheckpointSave.mostArtifacts) are kept, so put "
                + "more into a directory"
        }
        guard let path = artifacts.first(where: { $0.utf8.count > CheckpointSave.longestPath }) else { return nil }
        return "an artifact's path has \(path.utf8.count) bytes; at most \(CheckpointSave.longestPath) can be used"
    }

    /// The next to be sent on the present connection.
    mutating func next() -> CheckpointSave? {
        guard let index = list.firstIndex(where: { !$0.isSent }) else { return nil }
        list[index].isSent = true
        return list[index].save
    }

    /// Prepares for a new connection; those that wait have until now had somebody to wait for.
    mutating func rewind(now: Nanos) {
        for index in list.indices { (list[index].isSent, list[index].since) = (false, now) }
    }

    /// Takes the one away that was answered.
    mutating func take(_ number: UInt64) -> Pending? {
        list.firstIndex { $0.save.number == number }.map { list.remove(at: $0) }
    }

    /// Takes all away, or those that nobody waits for any more and those that have waited too long to be sent.
    mutating func takeAll(where condition: (Pending) -> Bool = { _ in true }) -> [Pending] {
        let taken = list.filter(condition)
        list.removeAll(where: condition)
        return taken
    }

    /// When the first of those that wait for a supervisor has waited too long.
    var deadline: Nanos? { list.filter { !$0.isSent }.map { $0.since + Self.patience }.min() }
}
