internal import TaskModel

/// What an attempt was refused on its way out, each destination told once at once and once more at the end. Pure.
struct EgressLedger: Sendable {
    /// How many destinations are told apart; what is beyond is only counted.
    static let limit = 24

    private var order: [String] = []
    private var counts: [String: Int] = [:]
    private var others = 0

    /// Notes a refusal and returns what is to be told now: something of a destination that is new.
    mutating func note(destination: String, words: String) -> String? {
        if let count = counts[destination] {
            counts[destination] = count + 1
            return nil
        }
        guard order.count < Self.limit else {
            others += 1
            return nil
        }
        order.append(destination)
        counts[destination] = 1
        return "\(destination) \(words)"
    }

    /// What is to be told at the end: how often those were tried again, and how many others there were.
    var closing: [String] {
        var lines = order.compactMap { destination -> String? in
            guard let count = counts[destination], count > 1 else { return nil }
            return "\(destination) was refused \(count) times"
        }
        if others > 0 { lines.append("connections to other destinations were refused \(others) times") }
        return lines
    }

    /// In a few words, for the reason of a failure; `nil` when nothing was refused. `policy` is what refused it.
    func summary(_ policy: String = EgressPolicy.poolName) -> String? {
        guard !order.isEmpty else { return nil }
        let shown = order.prefix(3).joined(separator: ", ")
        let more = order.count - 3
        return "\(policy) refused it \(shown)" + (more > 0 || others > 0 ? " and others" : "")
    }
}
