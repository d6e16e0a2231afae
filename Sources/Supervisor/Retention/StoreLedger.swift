internal import Foundation
internal import Glibc

/// Which stores a state directory has been used with, one a line in `<state>/stores`: logs of a task that the store does not
/// know may belong to another one. All calls block.
struct StoreLedger: Sendable {
    /// `<state>/stores`.
    let path: String
    /// Where logs are; some that were there before anything was noted may be of any store.
    let logs: String

    private static let unknown = "unknown"

    init(_ layout: StateLayout) {
        path = "\(layout.stateDirectory)/stores"
        logs = layout.logs
    }

    /// Notes that the directory is used with a store, and says whether it never was with another one.
    func note(_ identity: String) -> Bool {
        let noted = read()
        if noted.contains(identity) { return noted == [identity] }
        let hasLogs = noted.isEmpty && !((try? FileManager.default.contentsOfDirectory(atPath: logs)) ?? []).isEmpty
        append(hasLogs ? "\(Self.unknown)\n\(identity)\n" : "\(identity)\n")
        return read() == [identity]
    }

    private func read() -> Set<String> {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return Set(text.split(separator: "\n").map(String.init))
    }

    /// In one write, so that lines of several processes stay whole. What can't be written makes logs stay longer.
    private func append(_ text: String) {
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        defer { close(file) }
        let bytes = Array(text.utf8)
        _ = write(file, bytes, bytes.count)
    }
}
