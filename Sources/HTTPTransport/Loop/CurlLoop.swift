internal import CLibCurl
internal import Synchronization
internal import SystemThread

/// The way from any task to the curl thread: a mailbox and a wake-up.
final class CurlLoop: Sendable {
    /// What callers ask of the thread.
    enum Command: Sendable {
        case start(Exchange)
        case resumeReceiving(Exchange)
        case resumeSending(Exchange)
        case abandon(Exchange)
        case shutDown
    }

    /// The one call on a multi handle that other threads may make.
    private struct Waker: @unchecked Sendable {
        let multi: UnsafeMutableRawPointer

        func wake() { curl_multi_wakeup(multi) }
    }

    private struct Mailbox {
        var commands: [Command] = []
        var waker: Waker?
        var isClosed = false
    }

    let place: ServerPlace
    private let mailbox = Mutex(Mailbox())

    /// Makes the loop; `start` gives it its thread.
    init(place: ServerPlace) {
        self.place = place
    }

    /// Starts the thread. When the system has none left, every request fails with `shut_down`.
    func start() {
        LibCurl.initialize
        if !spawnDetachedThread(named: "acode-http", { self.run() }) { close() }
    }

    /// Hands a command to the thread; never blocks for longer than a lock. After the end, what starts fails at once.
    func submit(_ command: Command) {
        let isOpen = mailbox.withLock { mailbox in
            guard !mailbox.isClosed else { return false }
            mailbox.commands.append(command)
            // Under the lock, because the thread frees the handle after closing the mailbox.
            if mailbox.commands.count == 1 { mailbox.waker?.wake() }
            return true
        }
        if !isOpen, case .start(let exchange) = command { exchange.finish(.failure(.shutDown)) }
    }

    /// Ends an exchange whose caller is gone, and its connection.
    func cancel(_ exchange: Exchange) {
        if exchange.finish(.failure(.cancelled)) { submit(.abandon(exchange)) }
    }

    /// The thread's life: until `shutDown` comes.
    private func run() {
        guard let multi = curl_multi_init() else { return close() }
        let waker = Waker(multi: multi)
        mailbox.withLock { $0.waker = waker }
        var worker = CurlWorker(multi: multi, loop: self)
        worker.run {
            self.mailbox.withLock { mailbox in
                defer { mailbox.commands.removeAll(keepingCapacity: true) }
                return mailbox.commands
            }
        }
        close()
        worker.tearDown()
    }

    /// Lets nothing more in, and fails what was not started.
    private func close() {
        let left = mailbox.withLock { mailbox in
            mailbox.isClosed = true
            mailbox.waker = nil
            defer { mailbox.commands = [] }
            return mailbox.commands
        }
        for case .start(let exchange) in left { exchange.finish(.failure(.shutDown)) }
    }
}

/// libcurl's process-wide part.
enum LibCurl {
    /// Once, before the first handle. Without TLS, which a Unix socket does not need and which costs memory.
    static let initialize: Void = { _ = curl_global_init(0) }()
}
