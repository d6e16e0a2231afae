import CAgentSystem

/// A limit that a process and its children can't raise again, from `NAME=VALUE`.
struct ProcessLimit: Equatable {
    /// As in `nofile`.
    let name: String
    /// The limit, soft and hard.
    let value: UInt64

    init(_ text: String) throws(UsageError) {
        let halves = text.split(separator: "=", maxSplits: 1)
        guard halves.count == 2, let value = UInt64(halves[1]), ["nofile", "nproc", "core"].contains(halves[0]) else {
            throw UsageError("--limit needs nofile, nproc or core, = and a number, not \(text)")
        }
        name = String(halves[0])
        self.value = value
    }

    /// Sets it for this process; a hard limit that is lower stays.
    func apply() {
        cagent_lower_limit(name, value)
    }
}
