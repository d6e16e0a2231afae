/// What the kernel says of a process.
enum ProcessState {
    /// Its state, one letter as in proc(5): `R` runs or would like to, `S` sleeps, `D` can't be disturbed, `T` is stopped;
    /// `nil` when it is gone or can't be seen. Reads one file of `/proc`.
    static func of(_ pid: Int32) -> Character? {
        KernelFile.text("/proc/\(pid)/stat").flatMap(parse)
    }

    /// The third field, behind a name in brackets that may hold anything.
    static func parse(_ stat: String) -> Character? {
        stat.lastIndex(of: ")").flatMap { end in stat[end...].dropFirst().first { $0 != " " } }
    }
}
