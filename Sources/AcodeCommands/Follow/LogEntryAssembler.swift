internal import Supervisor

/// Puts entries of a task log together from bytes that come in any pieces.
struct LogEntryAssembler {
    private var rest: [UInt8] = []

    /// Takes more bytes and returns the entries that are complete now; lines that are no entries are left out.
    mutating func feed(_ bytes: ArraySlice<UInt8>) -> [ContainerLogFormat.Entry] {
        rest += bytes
        var entries: [ContainerLogFormat.Entry] = []
        var start = rest.startIndex
        while let newline = rest[start...].firstIndex(of: 0x0a) {
            if let entry = ContainerLogFormat.parse(rest[start..<newline]) { entries.append(entry) }
            start = newline + 1
        }
        rest.removeSubrange(..<start)
        return entries
    }
}
