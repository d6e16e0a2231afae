/// One frame as it came off the wire: a kind byte and its payload.
package struct Frame: Hashable, Sendable {
    /// Bytes in front of every payload: a big-endian 32-bit payload length and the kind.
    package static let headerLength = 5

    /// Says which message the payload is.
    package let kind: UInt8
    /// The payload, without length and kind.
    package let payload: [UInt8]

    /// Makes a frame of a kind and a payload.
    package init(kind: UInt8, payload: [UInt8]) {
        self.kind = kind
        self.payload = payload
    }
}
