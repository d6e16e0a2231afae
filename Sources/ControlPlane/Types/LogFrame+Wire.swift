package import ContainerEngine

/// A worker's own output travels in the frames of the Docker Engine API: one byte for the stream (1 stdout, 2 stderr),
/// three zero bytes, the length as four bytes, most significant first, then the bytes.
extension LogFrame {
    /// The largest payload that is written, in bytes.
    static let largestPayload = 1 << 20

    /// The frame as bytes for the wire; a large one is cut into several.
    package func encoded() -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 8)
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.largestPayload)
            rest = rest.dropFirst(part.count)
            result += [stream.rawValue, 0, 0, 0]
            withUnsafeBytes(of: UInt32(part.count).bigEndian) { result.append(contentsOf: $0) }
            result += part
        }
        return result
    }
}
