/// The multiplexed stream of logs and exec: frames of stream number, length and bytes (Docker Engine API, attach).
package struct LogFrames: Sendable {
    /// Standard output.
    package var output: [UInt8] = []
    /// Standard error.
    package var error: [UInt8] = []
    /// Both, in the order of the frames.
    package var all: [UInt8] = []

    /// Takes the stream apart; what does not parse ends it.
    package init(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while rest.count >= 8 {
            let head = rest.prefix(8)
            let length = head.suffix(4).reduce(0) { $0 << 8 | Int($1) }
            let payload = rest.dropFirst(8).prefix(length)
            if head.first == 2 { error += payload } else { output += payload }
            all += payload
            rest = rest.dropFirst(8 + length)
        }
    }
}

extension [UInt8] {
    /// As text.
    package var text: String { String(decoding: self, as: UTF8.self) }
}
