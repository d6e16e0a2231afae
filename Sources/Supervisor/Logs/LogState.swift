/// Where the log of an attempt stands: everything a process needs to write on exactly where another one was killed. Pure.
struct LogState: Sendable, Equatable {
    /// One of the two files of the tail.
    struct Tail: Sendable, Equatable {
        /// 1 or 2, the end of its name.
        var number: Int
        /// Bytes in the file.
        var size: Int64
        /// Bytes of output they stand for.
        var bytes: UInt64
    }

    /// The attempt's token as its agent knows it, so that nobody takes this for another attempt's.
    var token: Int64
    /// Which output was written down.
    var position = OutputPosition()
    /// Bytes in the log's own file.
    var headSize: Int64 = 0
    /// Bytes of output they stand for.
    var headBytes: UInt64 = 0
    /// The full file of the tail.
    var older: Tail?
    /// The file of the tail that is written to.
    var current: Tail?
    /// Bytes that could not be written and are not marked yet.
    var unreported: UInt64 = 0
    /// Bytes of output taken, left out and not written so far.
    var summary = AttemptLog.Summary()
    /// Whether head and tail were put together.
    var isComplete = false

    /// Marks a state and its version.
    private static let magic: UInt64 = 0x6163_6f64_6c6f_6731
    /// The length of every state in bytes.
    static let length = 19 * 8

    /// The state as it is kept.
    var bytes: [UInt8] {
        let numbers: [UInt64] = [
            Self.magic, UInt64(bitPattern: token), position.output.offset, position.output.covered,
            position.errors.offset, position.errors.covered, UInt64(bitPattern: headSize), headBytes,
            UInt64(older?.number ?? 0), UInt64(bitPattern: older?.size ?? 0), older?.bytes ?? 0,
            UInt64(current?.number ?? 0), UInt64(bitPattern: current?.size ?? 0), current?.bytes ?? 0, unreported,
            summary.bytes, summary.leftOut, summary.unwritten, isComplete ? 1 : 0,
        ]
        return numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
    }

    /// A state that knows of nothing.
    init(token: Int64) { self.token = token }

    /// Reads what `bytes` made; `nil` for anything else.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        let numbers = stride(from: 0, to: bytes.count, by: 8).map { start in
            (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << (8 * $1) }
        }
        guard numbers[0] == Self.magic else { return nil }
        self.init(token: Int64(bitPattern: numbers[1]))
        position.output = OutputPosition.Mark(offset: numbers[2], covered: numbers[3])
        position.errors = OutputPosition.Mark(offset: numbers[4], covered: numbers[5])
        headSize = Int64(bitPattern: numbers[6])
        headBytes = numbers[7]
        older = Self.tail(numbers[8...10])
        current = Self.tail(numbers[11...13])
        unreported = numbers[14]
        summary = AttemptLog.Summary(bytes: numbers[15], leftOut: numbers[16], unwritten: numbers[17])
        isComplete = numbers[18] != 0
    }

    private static func tail(_ numbers: ArraySlice<UInt64>) -> Tail? {
        guard numbers[numbers.startIndex] == 1 || numbers[numbers.startIndex] == 2 else { return nil }
        return Tail(
            number: Int(numbers[numbers.startIndex]), size: Int64(bitPattern: numbers[numbers.startIndex + 1]),
            bytes: numbers[numbers.startIndex + 2])
    }
}
