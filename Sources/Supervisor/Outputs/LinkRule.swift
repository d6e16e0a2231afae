/// Which symbolic links may be part of an output. Pure.
enum LinkRule {
    /// Whether a link stays in the output it is part of, whatever the links on its way are: those have to fulfil the same
    /// rule. `depth` is the number of directories between the output's top and the link's own directory.
    ///
    /// `..` is allowed at the beginning only: behind a name, which may be a link itself, nobody knows from the text where
    /// it leads.
    static func stays(_ target: String, depth: Int) -> Bool {
        guard !target.isEmpty, !target.hasPrefix("/") else { return false }
        let parts = target.split(separator: "/").filter { $0 != "." }
        let up = parts.prefix { $0 == ".." }.count
        return up <= depth && !parts.dropFirst(up).contains("..")
    }
}
