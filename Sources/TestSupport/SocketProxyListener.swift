internal import Foundation
internal import Glibc
internal import Synchronization

/// A socket that accepts connections and gives each a thread of its own. For tests that need a real peer.
package final class UnixListener: Sendable {
    /// Why it could not listen.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Where it listens: in a new directory below the temporary one; empty for TCP.
    package let socketPath: String
    /// Where it listens on 127.0.0.1; 0 for a Unix socket.
    package let port: UInt16
    private let directory: String
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        var accepted = 0
        var open: Set<Int32> = []
        var isStopped = false
    }

    /// Listens at once, on a Unix socket or on TCP. `handler` gets each connection on its own thread and may block; the
    /// connection is closed after it.
    package init(
        onTCP isTCP: Bool = false, handler: @escaping @Sendable (UnixConnection) -> Void
    ) throws(Failure) {
        directory = isTCP ? "" : "/tmp/acode-socket-\(UUID().uuidString.prefix(8))"
        let path = isTCP ? "" : directory + "/s.sock"
        let listener = socket(isTCP ? AF_INET : AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0, isTCP || mkdir(directory, 0o700) == 0,
            isTCP
                ? Loopback.withAddress(0, { bind(listener, $0, $1) }) == 0
                : withUnixAddress(path, { bind(listener, $0, $1) }) == 0,
            listen(listener, 64) == 0
        else { throw Failure(description: "can't listen on \(path): errno \(errno)") }
        self.listener = listener
        socketPath = path
        // Chosen by the kernel, so that nobody can take it in between.
        port = isTCP ? Loopback.port(of: listener) : 0
        Thread.detachNewThread { [weak self, listener] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else {
                    if errno == EINTR || errno == ECONNABORTED { continue }
                    close(listener)
                    return
                }
                guard let self, self.register(descriptor) else {
                    close(descriptor)
                    continue
                }
                Thread.detachNewThread {
                    handler(UnixConnection(descriptor: descriptor))
                    self.forget(descriptor)
                }
            }
        }
    }

    deinit { stop() }

    /// How many connections were accepted.
    package var connectionCount: Int { state.withLock { $0.accepted } }
    /// How many are open.
    package var openCount: Int { state.withLock { $0.open.count } }

    /// Breaks every open connection, as a killed peer does.
    package func cutAll() {
        state.withLock { state in
            for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Stops listening, breaks every connection, removes the socket.
    package func stop() {
        let isFirst = state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        guard isFirst else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        cutAll()
        if !directory.isEmpty {
            unlink(socketPath)
            rmdir(directory)
        }
    }

    private func register(_ descriptor: Int32) -> Bool {
        state.withLock { state in
            guard !state.isStopped else { return false }
            state.accepted += 1
            state.open.insert(descriptor)
            return true
        }
    }

    private func forget(_ descriptor: Int32) {
        // Under the lock, so that `cutAll` never meets a number that was given to another file.
        state.withLock { state in
            state.open.remove(descriptor)
            close(descriptor)
        }
    }
}

/// One connection, read and written by blocking calls on a thread of its own.
package struct UnixConnection: Sendable {
    /// The descriptor, owned by the listener or by who connected.
    package let descriptor: Int32

    /// Wraps a descriptor.
    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// Connects to a socket; nil when nobody listens.
    package init?(connectingTo path: String) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        let file = descriptor
        guard withUnixAddress(path, { connect(file, $0, $1) }) == 0 else {
            close(descriptor)
            return nil
        }
    }

    /// Connects to a port of this machine; nil when nobody listens.
    package init?(connectingToPort port: UInt16) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        let file = descriptor
        guard Loopback.withAddress(port, { connect(file, $0, $1) }) == 0 else {
            close(descriptor)
            return nil
        }
    }

    /// What comes next, at most `limit` bytes; empty at the end or when the connection broke.
    package func read(upTo limit: Int = 64 << 10) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = max(0, recv(descriptor, buffer.baseAddress, limit, 0))
        }
    }

    /// Reads until the blank line after a head; what was read, perhaps with a part of the body. Empty at the end.
    package func readHead() -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let more = read()
            if more.isEmpty { return bytes }
            bytes += more
            if String(decoding: bytes, as: UTF8.self).contains("\r\n\r\n") { return bytes }
        }
    }

    /// Writes everything; false when the peer is gone.
    @discardableResult
    package func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Writes text.
    @discardableResult
    package func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// Ends the connection for both sides; the descriptor stays until its owner closes it.
    package func cut() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Closes the descriptor; only for connections made by `connectingTo`.
    package func closeDescriptor() { close(descriptor) }

    /// Blocks until the peer has ended the connection; what it still sends is thrown away.
    package func waitForEnd() {
        while !read().isEmpty {}
    }
}

/// Calls `body` with the socket address of a path.
private func withUnixAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
