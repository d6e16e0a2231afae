/// The abstract name an agent listens on for its sub-commands. Pure.
///
/// Abstract, so that it works on a read-only root file system; with a random part, so that nobody else in a shared network
/// namespace can take the name first.
enum LocalSocketName {
    /// The part that is the same for every start of a worker's agent.
    static func prefix(workerID: String) -> String {
        let safe = workerID.utf8.prefix(48).map { byte -> Character in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
                Character(Unicode.Scalar(byte))
            default: "_"
            }
        }
        return "@acode-agent-" + String(safe) + "-"
    }

    /// The whole name.
    static func make(workerID: String, bootID: String) -> String {
        prefix(workerID: workerID) + bootID.prefix(32)
    }

    /// The names with a prefix in the text of `/proc/net/unix`, each once.
    static func find(prefix: String, inTable table: String) -> [String] {
        var seen: Set<String> = []
        return table.split(separator: "\n").compactMap { line in
            guard let last = line.split(separator: " ").last, last.hasPrefix(prefix) else { return nil }
            return seen.insert(String(last)).inserted ? String(last) : nil
        }
    }

    /// The worker id in an agent's command line, arguments split by zero bytes.
    static func workerID(inCommandLine bytes: [UInt8]) -> String? {
        let arguments = bytes.split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        for (index, argument) in arguments.enumerated() {
            if argument == "--worker-id", index + 1 < arguments.count { return arguments[index + 1] }
            if argument.hasPrefix("--worker-id=") { return String(argument.dropFirst("--worker-id=".count)) }
        }
        return nil
    }
}
