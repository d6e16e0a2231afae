/// What the beginning of a file says about whether, and where, it can be executed (ELF, 64 bits, little-endian).
enum ExecutableFile: Equatable {
    /// Needs nothing but a kernel, so it runs in any image.
    case isStatic(machine: UInt16)
    /// Needs a program interpreter, which is in some images only.
    case isDynamic(interpreter: String)
    /// No such file.
    case notELF

    /// Reads the headers of a file from its first bytes; those of a real program fit into 4096.
    static func read(_ bytes: [UInt8]) -> ExecutableFile {
        guard bytes.count >= 64, bytes[0..<4] == [0x7F, 0x45, 0x4C, 0x46], bytes[4] == 2, bytes[5] == 1 else {
            return .notELF
        }
        let table = number(bytes, at: 32, size: 8)
        let entrySize = number(bytes, at: 54, size: 2)
        let count = number(bytes, at: 56, size: 2)
        for index in 0..<count {
            let entry = table.addingReportingOverflow(index &* entrySize).partialValue
            guard entry >= 0, entry <= bytes.count - 56 else { break }
            // PT_INTERP names the program that loads this one.
            guard number(bytes, at: entry, size: 4) == 3 else { continue }
            let offset = number(bytes, at: entry + 8, size: 8)
            let size = number(bytes, at: entry + 32, size: 8)
            guard offset >= 0, size > 0, offset <= bytes.count, size <= bytes.count - offset else {
                return .isDynamic(interpreter: "")
            }
            let name = bytes[offset..<(offset + size)].prefix { $0 != 0 }
            return .isDynamic(interpreter: String(decoding: name, as: UTF8.self))
        }
        return .isStatic(machine: UInt16(truncatingIfNeeded: number(bytes, at: 18, size: 2)))
    }

    private static func number(_ bytes: [UInt8], at offset: Int, size: Int) -> Int {
        (0..<size).reduce(0) { $0 | Int(truncatingIfNeeded: UInt64(bytes[offset + $1]) << (8 * UInt64($1))) }
    }
}
