internal import GRDB
internal import TaskModel

/// Where tasks wait: in a queue, for a kind of isolation, with or without the name of an image.
struct Lane: Equatable {
    let queue: String
    let container: Bool
    let unnamed: Bool

    /// By bytes, as the index has them in order: texts that look the same may be of different queues.
    static func == (lhs: Lane, rhs: Lane) -> Bool {
        lhs.container == rhs.container && lhs.unnamed == rhs.unnamed && lhs.isOf(rhs.queue)
    }

    func isOf(_ name: String) -> Bool { queue.utf8.elementsEqual(name.utf8) }
}

/// The statements that say which queues there are, and whether there is one lane only. They have to use the key of the
/// table; a test explains them.
enum LaneSQL {
    static let nextQueue = "SELECT queue FROM ready WHERE queue > ? ORDER BY queue LIMIT 1"
    static let first = "SELECT queue, container, unnamed FROM ready ORDER BY queue, container, unnamed LIMIT 1"
    static let last = """
        SELECT queue, container, unnamed FROM ready ORDER BY queue DESC, container DESC, unnamed DESC LIMIT 1
        """
}

extension WriteScope {
    /// Where tasks may wait that a claim takes, by queue. Mostly all that waits is in one lane, the first in the index being
    /// of the same as the last.
    func lanesOfQueues(_ request: ClaimRequest) throws -> [[Lane]] {
        guard let first = try lane(LaneSQL.first), let last = try lane(LaneSQL.last) else { return [] }
        let queues = Set(request.queues.map { StoredText.clean($0) })
        if first == last {
            let isWanted = queues.isEmpty || queues.contains(where: first.isOf)
            return isWanted && request.takes(from: first) ? [[first]] : []
        }
        return try (queues.isEmpty ? allQueues() : queues.sorted()).map { queue in
            [(false, true), (false, false), (true, true), (true, false)]
                .map { Lane(queue: queue, container: $0, unnamed: $1) }.filter(request.takes)
        }
    }

    private func lane(_ sql: String) throws -> Lane? {
        var end = try raw(sql)
        defer { end.reset() }
        guard try end.step() else { return nil }
        return Lane(queue: end.text(0), container: end.int(1) != 0, unnamed: end.int(2) != 0)
    }

    /// Goes from one queue in the index to the next, instead of reading all that waits.
    private func allQueues() throws -> [String] {
        var queues: [String] = []
        var next = try raw(LaneSQL.nextQueue)
        // No queue has an empty name.
        next.bind("")
        while try next.step() {
            queues.append(next.text(0))
            next.reset()
            next.bind(queues.last)
        }
        next.reset()
        return queues
    }
}

extension ClaimRequest {
    /// Whether tasks are taken that wait like these, as far as their isolation goes and whether they name an image.
    fileprivate func takes(from lane: Lane) -> Bool {
        guard offersContainers || !lane.container else { return false }
        return switch images {
        case .any: true
        case .allBut(let images): !lane.unnamed || !images.contains(nil)
        case .only(let images): !lane.unnamed || images.contains(nil)
        }
    }
}
