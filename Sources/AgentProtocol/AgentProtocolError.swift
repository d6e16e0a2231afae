/// What is wrong with bytes or values that were to become protocol messages.
///
/// A receiver that sees one closes the connection; nothing after it in the stream can be trusted.
package struct AgentProtocolError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of mistake, stable.
    package enum Code: String, Sendable {
        /// A frame announces, or a message needs, more than `AgentProtocol.maximumPayload` bytes.
        case payloadTooLarge = "payload_too_large"
        /// The kind byte means nothing to this side.
        case unknownKind = "unknown_kind"
        /// The payload is not what its kind demands.
        case malformedPayload = "malformed_payload"
        /// A value that can't be written, for example a percentage that is not a number.
        case unencodable
    }

    /// The kind of mistake.
    package let code: Code
    /// The mistake in words; carries no payload bytes, so it is safe to log.
    package let message: String

    /// Makes an error.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code.rawValue): \(message)" }
}
