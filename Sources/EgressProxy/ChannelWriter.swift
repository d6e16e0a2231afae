internal import NIOCore

/// Writes to a channel so that what was written has left this process when a call returns: closing a channel throws away
/// what it has not sent yet. Cancelling closes the channel.
struct ChannelWriter: Sendable {
    let channel: any Channel

    func write(_ bytes: ByteBuffer) async throws {
        try await withTaskCancellationHandler {
            try await channel.writeAndFlush(bytes).get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    /// Says that nothing more comes; the other direction goes on.
    func end() async throws {
        try await withTaskCancellationHandler {
            try await channel.close(mode: .output).get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }
}
