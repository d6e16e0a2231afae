import AgentProtocol
import Glibc

/// The connection to the supervisor: connects, greets, sends and receives, and starts over when it breaks.
///
/// A connection counts only after the supervisor's welcome: a connect may land in the backlog of a listener that is about
/// to die.
final class SupervisorLink {
    /// What the link has to tell.
    enum Event {
        /// The supervisor said welcome; everything unacknowledged may be sent.
        case established(Welcome)
        /// A message other than the welcome.
        case message(SupervisorMessage)
        /// The connection is gone, and why. Only told if it was established.
        case lost(String)
        /// A try to connect has failed, and why.
        case failed(String)
    }

    private enum State {
        case waiting(until: Nanos)
        case greeting(Descriptor, deadline: Nanos)
        case established(Descriptor, heartbeat: Nanos)
    }

    private static let greetingTime = Nanos.seconds(5)
    private static let mostUnsent = 1024 * 1024
    private static let readsAtOnce = 8

    private let path: String
    private var state = State.waiting(until: 0)
    private var backoff = Backoff()
    private var decoder = FrameDecoder()
    private var unsent: [UInt8] = []
    private var unsentHead = 0
    private var lastHeard: Nanos = 0
    private var input = [UInt8](repeating: 0, count: 64 * 1024)
    private var pending: Event?
    /// Since when no supervisor has been there.
    private(set) var lonelySince: Nanos

    /// Makes a link that connects to the socket at `path` as soon as it is turned.
    init(path: String, now: Nanos) {
        self.path = path
        lonelySince = now
    }

    /// Whether a supervisor is there.
    var isEstablished: Bool {
        if case .established = state { true } else { false }
    }

    /// Whether frames wait for the socket. While they do, no output should be added.
    var hasUnsent: Bool { unsentHead < unsent.count }

    private var socket: Descriptor? {
        switch state {
        case .waiting: nil
        case .greeting(let socket, _), .established(let socket, _): socket
        }
    }

    /// Adds what it waits for.
    ///
    /// - Parameter moreToSend: whether output waits for the socket to take more.
    func prepare(_ set: inout PollSet, moreToSend: Bool) {
        switch state {
        case .waiting(let until): set.limit(to: until)
        case .greeting(let socket, let deadline):
            set.add(socket, read: true, write: hasUnsent)
            set.limit(to: deadline)
        case .established(let socket, let heartbeat):
            set.add(socket, read: true, write: hasUnsent || moreToSend)
            if heartbeat > 0 { set.limit(to: lastHeard + 3 * heartbeat) }
        }
    }

    /// Does what is due: connects, sends, receives, gives up.
    ///
    /// - Parameter hello: makes the greeting of a new connection.
    func turn(now: Nanos, ready: PollSet, hello: () -> Hello) -> [Event] {
        let readable = ready.isReady(socket)
        // A loss is told before anything of the next connection.
        var events = takePending()
        if case .waiting(let until) = state, now >= until { connect(now: now, hello: hello()) }
        if readable { receive(now: now, into: &events) }
        flush(now: now)
        switch state {
        case .greeting(_, let deadline) where now >= deadline: drop("no welcome in time", now: now)
        case .established(_, let heartbeat) where heartbeat > 0 && now >= lastHeard + 3 * heartbeat:
            drop("the supervisor has been silent for too long", since: lastHeard, now: now)
        default: break
        }
        return events + takePending()
    }

    /// Sends a message, or at least queues it. Without an established connection it is forgotten.
    func send(_ message: AgentMessage, now: Nanos) {
        guard isEstablished else { return }
        queue(message, now: now)
    }

    /// Sends the journal's output as far as the socket takes it.
    func send(_ journal: inout OutputJournal, now: Nanos) {
        guard case .established(let socket, _) = state else { return }
        while !hasUnsent, let chunk = journal.nextChunk() {
            let header = OutputChunk.frameHeader(stream: chunk.stream, offset: chunk.offset, count: chunk.count)
            let whole = header.count + chunk.count
            let result = journal.withNextBytes(chunk.count) { bytes in
                let result = header.withUnsafeBytes { socket.write($0, bytes) }
                // Once a frame has begun, the rest of it has to follow whatever becomes of the journal.
                if case .bytes(let written) = result, written < whole {
                    unsent = written < header.count ? Array(header[written...]) : []
                    unsent.append(contentsOf: bytes[max(0, written - header.count)...])
                    unsentHead = 0
                }
                return result
            }
            switch result {
            case .bytes: journal.markSent(chunk.count)
            case .wouldBlock: return
            case .ended: return drop("the connection takes nothing", now: now)
            case .failed(let code): return drop(SystemError.text(code), now: now)
            }
        }
    }

    private func takePending() -> [Event] {
        defer { pending = nil }
        return pending.map { [$0] } ?? []
    }

    private func connect(now: Nanos, hello: Hello) {
        do {
            let socket = try UnixSocket.connect(to: path)
            decoder = FrameDecoder()
            state = .greeting(socket, deadline: now + Self.greetingTime)
            queue(.hello(hello), now: now)
        } catch {
            pending = .failed(error.description)
            wait(now: now)
        }
    }

    private func queue(_ message: AgentMessage, now: Nanos) {
        do {
            unsent += try message.encoded()
        } catch {
            return drop("a message can't be written: \(error)", now: now)
        }
        flush(now: now)
        // Only a peer that asks and never listens gets us here.
        if unsent.count - unsentHead > Self.mostUnsent { drop("the supervisor does not read", now: now) }
    }

    private func flush(now: Nanos) {
        guard let socket else { return }
        while hasUnsent {
            let result = unsent.withUnsafeBytes { socket.write(UnsafeRawBufferPointer(rebasing: $0[unsentHead...])) }
            switch result {
            case .bytes(let count): unsentHead += count
            case .wouldBlock: return
            case .ended: return drop("the connection takes nothing", now: now)
            case .failed(let code): return drop(SystemError.text(code), now: now)
            }
        }
        unsent.removeAll(keepingCapacity: true)
        unsentHead = 0
    }

    private func receive(now: Nanos, into events: inout [Event]) {
        for _ in 0..<Self.readsAtOnce {
            guard let socket else { return }
            switch input.withUnsafeMutableBytes({ socket.read(into: $0) }) {
            case .bytes(let count):
                lastHeard = now
                input.withUnsafeBytes { decoder.append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                do {
                    while let frame = try decoder.next() { try take(SupervisorMessage(frame: frame), now, &events) }
                } catch {
                    return drop("not understood: \(error)", now: now)
                }
                if count < input.count { return }
            case .wouldBlock: return
            case .ended: return drop("closed by the supervisor", now: now)
            case .failed(let code): return drop(SystemError.text(code), now: now)
            }
        }
    }

    private func take(_ message: SupervisorMessage, _ now: Nanos, _ events: inout [Event]) throws(AgentProtocolError) {
        switch (state, message) {
        case (.greeting(let socket, _), .welcome(let welcome)):
            guard welcome.version == AgentProtocol.version else {
                throw AgentProtocolError(.malformedPayload, "the supervisor speaks version \(welcome.version)")
            }
            state = .established(socket, heartbeat: .seconds(welcome.heartbeatSeconds))
            backoff.reset()
            events.append(.established(welcome))
        case (.established, .welcome), (.waiting, _): break
        case (.established, let message): events.append(.message(message))
        case (.greeting, _): throw AgentProtocolError(.malformedPayload, "a message before the welcome")
        }
    }

    /// - Parameter since: when the supervisor was there for the last time, if that was not just now. A supervisor that
    ///   sleeps keeps no lease meanwhile.
    private func drop(_ reason: String, since: Nanos? = nil, now: Nanos) {
        if isEstablished {
            lonelySince = since ?? now
            pending = .lost(reason)
        } else {
            pending = .failed(reason)
        }
        wait(now: now)
    }

    private func wait(now: Nanos) {
        unsent = []
        unsentHead = 0
        state = .waiting(until: now + backoff.next(random: Double.random(in: 0..<1)))
    }
}
