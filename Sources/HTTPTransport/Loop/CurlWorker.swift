internal import CLibCurl

/// What the curl thread does: takes commands, lets libcurl work, ends what is done or too late, sleeps in between.
struct CurlWorker {
    private let multi: UnsafeMutableRawPointer
    private let loop: CurlLoop
    private var running: [UnsafeMutableRawPointer: CurlTransfer] = [:]
    private var handles: [ObjectIdentifier: UnsafeMutableRawPointer] = [:]
    /// Handles that were used and reset; making one costs more than a request.
    private var spare: [UnsafeMutableRawPointer] = []
    /// Running transfers that connect again, and when: the server's queue of connections was full.
    private var waiting: [UnsafeMutableRawPointer: Nanoseconds] = [:]
    /// No limit of a running transfer passes before this.
    private var nextExpiry = Nanoseconds.never
    private var isShuttingDown = false

    init(multi: UnsafeMutableRawPointer, loop: CurlLoop) {
        self.multi = multi
        self.loop = loop
    }

    /// Runs until a `shutDown` was taken.
    mutating func run(takingCommands commands: () -> [CurlLoop.Command]) {
        while true {
            for command in commands() { carryOut(command) }
            if isShuttingDown { return }
            connectAgain()
            var count: Int32 = 0
            curl_multi_perform(multi, &count)
            endFinished()
            endExpired()
            var activeDescriptors: Int32 = 0
            curl_multi_poll(multi, nil, 0, pollMilliseconds, &activeDescriptors)
        }
    }

    /// Ends every transfer and frees everything.
    mutating func tearDown() {
        for transfer in running.values { end(transfer, .failure(.shutDown)) }
        for handle in spare { curl_easy_cleanup(handle) }
        curl_multi_cleanup(multi)
    }

    private mutating func carryOut(_ command: CurlLoop.Command) {
        switch command {
        case .start(let exchange): start(exchange)
        case .resumeReceiving(let exchange): transfer(of: exchange)?.unpause(receive: true, send: false)
        case .resumeSending(let exchange): transfer(of: exchange)?.unpause(receive: false, send: true)
        case .abandon(let exchange):
            if let transfer = transfer(of: exchange) { end(transfer, .failure(.cancelled)) }
        case .shutDown: isShuttingDown = true
        }
        // A resumed transfer counts idle time again.
        if case .resumeReceiving(let exchange) = command, let transfer = transfer(of: exchange) { watch(transfer) }
        if case .resumeSending(let exchange) = command, let transfer = transfer(of: exchange) { watch(transfer) }
    }

    private mutating func start(_ exchange: Exchange) {
        guard !exchange.isFinished else { return }
        guard let handle = spare.popLast() ?? curl_easy_init() else {
            exchange.finish(.failure(TransportError(.other, "libcurl has no memory for a request")))
            return
        }
        let transfer = CurlTransfer(exchange, handle: handle)
        do throws(TransportError) {
            try transfer.prepare(place: loop.place)
        } catch {
            exchange.finish(.failure(error))
            return recycle(handle)
        }
        running[handle] = transfer
        handles[ObjectIdentifier(exchange)] = handle
        let result = curl_multi_add_handle(multi, handle)
        guard result == CURLM_OK else {
            let words = String(cString: curl_multi_strerror(result))
            return end(transfer, .failure(TransportError(.other, "libcurl refused a request: \(words)")))
        }
        watch(transfer)
    }

    private func transfer(of exchange: Exchange) -> CurlTransfer? {
        handles[ObjectIdentifier(exchange)].flatMap { running[$0] }
    }

    private mutating func endFinished() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle,
                let transfer = running[handle]
            else { continue }
            let result = acode_curl_message_result(message)
            if transfer.shouldConnectAgain(result) {
                curl_multi_remove_handle(multi, handle)
                waiting[handle] = Nanoseconds.now.adding(.milliseconds(5))
            } else {
                end(transfer, transfer.outcome(result, socketPath: loop.place.name))
            }
        }
    }

    private mutating func connectAgain() {
        guard !waiting.isEmpty else { return }
        let now = Nanoseconds.now
        for (handle, time) in waiting where time <= now {
            waiting[handle] = nil
            curl_multi_add_handle(multi, handle)
        }
    }

    private mutating func endExpired() {
        guard nextExpiry != .never else { return }
        let now = Nanoseconds.now
        guard nextExpiry <= now else { return }
        nextExpiry = .never
        for transfer in running.values {
            if let error = transfer.expired(at: now) {
                end(transfer, .failure(error))
            } else {
                watch(transfer)
            }
        }
    }

    private mutating func watch(_ transfer: CurlTransfer) { nextExpiry = min(nextExpiry, transfer.expiry) }

    /// Takes a transfer out of libcurl and tells its caller. An unfinished one loses its connection.
    private mutating func end(_ transfer: CurlTransfer, _ outcome: Result<Void, TransportError>) {
        curl_multi_remove_handle(multi, transfer.handle)
        running[transfer.handle] = nil
        waiting[transfer.handle] = nil
        handles[ObjectIdentifier(transfer.exchange)] = nil
        recycle(transfer.handle)
        if case .writer(let writer) = transfer.exchange.request.body { writer.readerIsGone() }
        transfer.exchange.finish(outcome)
    }

    private mutating func recycle(_ handle: UnsafeMutableRawPointer) {
        // Also clears the pointers to the transfer.
        curl_easy_reset(handle)
        if spare.count < 8 { spare.append(handle) } else { curl_easy_cleanup(handle) }
    }

    /// How long libcurl may sleep; it wakes earlier for sockets, for its own timers, and for commands.
    private var pollMilliseconds: Int32 {
        let wakeUp = waiting.values.reduce(nextExpiry) { min($0, $1) }
        guard wakeUp != .never else { return 600_000 }
        let left = max(0, wakeUp - .now)
        return Int32(min(600_000, (left + 999_999) / 1_000_000))
    }
}
