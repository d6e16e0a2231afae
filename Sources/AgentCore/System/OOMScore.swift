import Glibc

/// Makes the kernel prefer the task to the agent when memory runs out.
///
/// A child inherits its parent's `oom_score_adj`. Raising one's own is always allowed, and so is going back to where one
/// started; the child can't lower what it inherited without a capability.
final class OOMScore {
    private static let raised = 900
    private let file: Descriptor?
    private let own: String
    private let childs: String?

    init() {
        file = ProcFile.open("/proc/self/oom_score_adj", writable: true)
        let current = file.flatMap(ProcFile.reread).flatMap { Int($0.filter { !$0.isWhitespace }) }
        own = current.map(String.init) ?? "0"
        childs = current.map { String(Swift.min(1000, Swift.max(Self.raised, $0 + 1))) }
    }

    /// Runs `body` with the score that processes started in it are to have.
    func whileRaised<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        if let childs { write(childs) }
        defer { if childs != nil { write(own) } }
        return try body()
    }

    private func write(_ text: String) {
        guard let file else { return }
        var text = text
        text.withUTF8 { _ = pwrite(file.number, $0.baseAddress, $0.count, 0) }
    }
}
