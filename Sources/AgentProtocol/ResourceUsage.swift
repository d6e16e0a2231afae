/// What `wait4(2)` says about the task's own process and the children it waited for.
package struct ResourceUsage: Codable, Hashable, Sendable {
    /// CPU time in user mode, in microseconds.
    package var userMicros: Int64
    /// CPU time in the kernel, in microseconds.
    package var systemMicros: Int64
    /// Largest resident set of any one process, in bytes. Never below the agent's own (about 10 MB): the kernel counts
    /// the moment before the command's program replaced the agent's in the new process.
    package var maxRSSBytes: Int64
    /// Times the file system had to read, in blocks of 512 bytes.
    package var blockIn: Int64
    /// Times the file system had to write, in blocks of 512 bytes.
    package var blockOut: Int64

    /// Makes a usage record; all zero by default.
    package init(
        userMicros: Int64 = 0, systemMicros: Int64 = 0, maxRSSBytes: Int64 = 0, blockIn: Int64 = 0, blockOut: Int64 = 0
    ) {
        self.userMicros = userMicros
        self.systemMicros = systemMicros
        self.maxRSSBytes = maxRSSBytes
        self.blockIn = blockIn
        self.blockOut = blockOut
    }
}
