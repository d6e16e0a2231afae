internal import NIOCore
internal import Synchronization

/// The connections a listener has accepted and that are still open.
final class AcceptedChannels: Sendable {
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])
    private let limit: Int

    /// Keeps at most `limit` open; those beyond are closed at once.
    init(limit: Int) { self.limit = limit }

    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        let fits = channels.withLock { channels in
            guard channels.count < limit else { return false }
            channels[id] = channel
            return true
        }
        guard fits else { return channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in self.channels.withLock { $0[id] = nil } }
    }

    func closeAll() {
        let open = channels.withLock { Array($0.values) }
        for channel in open { channel.close(promise: nil) }
    }
}
