/// The supervisor's word that it has taken care of output, and perhaps of the exit, for good.
package struct OutputAck: Codable, Hashable, Sendable {
    /// The attempt's fencing token. An acknowledgement of another attempt is ignored.
    package var token: Int64
    /// All output below this offset is safe and needn't be sent again.
    package var offset: UInt64
    /// Whether the `exited` message is safe too. Only this lets the agent forget the attempt and take the next one; the
    /// supervisor sends it once it recorded the exit, also for an attempt without any output.
    package var exited: Bool

    /// Makes an acknowledgement.
    package init(token: Int64, offset: UInt64, exited: Bool = false) {
        self.token = token
        self.offset = offset
        self.exited = exited
    }
}
