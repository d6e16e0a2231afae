internal import Supervisor

/// Puts a label before every line of a task's output, so that several tasks can share one terminal. Pieces of a line are
/// held back until the line is whole, so that lines of two tasks never mix.
struct LinePrefixer {
    /// A line longer than this is passed on in pieces.
    static let longestLine = 64 << 10

    private let label: [UInt8]
    private var held: [ContainerLogFormat.Stream: [UInt8]] = [:]

    init(label: String) { self.label = Array("\(label) | ".utf8) }

    /// The bytes to print for more output of one stream.
    mutating func feed(_ bytes: [UInt8], _ stream: ContainerLogFormat.Stream) -> [UInt8] {
        var line = held[stream] ?? []
        var result: [UInt8] = []
        for byte in bytes {
            line.append(byte)
            guard byte == 0x0a || line.count >= Self.longestLine else { continue }
            result += label + line
            if byte != 0x0a { result.append(0x0a) }
            line.removeAll(keepingCapacity: true)
        }
        held[stream] = line
        return result
    }

    /// What is held back, with a newline at its end, when no more output comes.
    mutating func finish() -> [(stream: ContainerLogFormat.Stream, bytes: [UInt8])] {
        defer { held = [:] }
        return [ContainerLogFormat.Stream.standardOutput, .standardError].compactMap { stream in
            guard let line = held[stream], !line.isEmpty else { return nil }
            return (stream, label + line + [0x0a])
        }
    }
}
