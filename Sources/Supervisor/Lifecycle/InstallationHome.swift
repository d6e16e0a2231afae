/// Where a state directory was when it got its identity. A copy has the same identity in its files, and must not keep it:
/// its supervisors would clean up after each other while both live. Pure.
struct InstallationHome: Equatable, Sendable {
    /// The machine's own id; `nil` where it has none.
    var machine: String?
    /// The number of the identity's file in its file system: a copy of the file has another.
    var inode: UInt64
    /// The state directory.
    var path: String

    /// What to do with an identity.
    enum Verdict: Equatable {
        case keep
        /// The directory has moved: keep it, and note where it is now.
        case note
        /// It is another's. Why, in plain words.
        case renew(String)
    }

    /// Judges an identity that was noted in `recorded` and is found here. `original` tells whether it is still there, too.
    func judge(recorded: InstallationHome?, original: Bool) -> Verdict {
        guard let recorded else { return .note }
        if let machine, let other = recorded.machine, machine != other {
            return .renew("the state directory comes from another machine")
        }
        if inode != recorded.inode { return .renew("the state directory is a copy") }
        guard path != recorded.path else { return self == recorded ? .keep : .note }
        // A snapshot of a file system has the same numbers.
        return original ? .renew("the state directory is a copy of \(recorded.path)") : .note
    }

    /// Lines of a file.
    var text: String { "\(machine ?? "-")\n\(inode)\n\(path)\n" }

    init(machine: String?, inode: UInt64, path: String) {
        self.machine = machine
        self.inode = inode
        self.path = path
    }

    /// Reads what `text` wrote; `nil` for anything else.
    init?(_ text: String) {
        let lines = text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard lines.count == 3, let inode = UInt64(lines[1]), lines[2].hasSuffix("\n") else { return nil }
        self.init(machine: lines[0] == "-" ? nil : lines[0], inode: inode, path: String(lines[2].dropLast()))
    }
}
