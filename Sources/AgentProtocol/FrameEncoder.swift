/// Writes frames: big-endian 32-bit payload length, kind byte, payload.
package enum FrameEncoder {
    /// The bytes of one frame.
    ///
    /// - Throws: `payload_too_large`.
    package static func encode(kind: UInt8, payload: [UInt8]) throws(AgentProtocolError) -> [UInt8] {
        guard payload.count <= AgentProtocol.maximumPayload else {
            throw AgentProtocolError(.payloadTooLarge, "a payload of \(payload.count) bytes can't be sent")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Frame.headerLength + payload.count)
        append(UInt32(payload.count), to: &bytes)
        bytes.append(kind)
        bytes.append(contentsOf: payload)
        return bytes
    }

    /// Appends an integer in network byte order.
    package static func append<Value: FixedWidthInteger>(_ value: Value, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Reads an integer in network byte order from the start of a slice; nil when the slice is too short.
    package static func read<Value: FixedWidthInteger>(_ type: Value.Type, from bytes: ArraySlice<UInt8>) -> Value? {
        guard bytes.count >= MemoryLayout<Value>.size else { return nil }
        return bytes.prefix(MemoryLayout<Value>.size).reduce(Value.zero) { ($0 << 8) | Value(truncatingIfNeeded: $1) }
    }
}
