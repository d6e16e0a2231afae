internal import CLibCurl
internal import Glibc

/// One request while libcurl works on it. Lives on the curl thread only.
///
/// The table of running transfers owns it; libcurl holds unretained pointers to it, which it follows only while the
/// handle is in the multi handle or is being paused, and the handle leaves that before the table lets go.
final class CurlTransfer {
    let exchange: Exchange
    let handle: UnsafeMutableRawPointer
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var file: Int32 = -1
    private var headers = HTTPHeaders()
    private var headBytes = 0
    private var hasHead = false
    /// Why a callback gave up, which libcurl only reports as a write or read error.
    private(set) var failure: TransportError?
    private(set) var isReceivePaused = false
    private(set) var isSendPaused = false
    private let begin: Nanoseconds
    private let totalExpiry: Nanoseconds
    private let headExpiry: Nanoseconds
    private var lastActivity: Nanoseconds

    /// Takes over `handle`, which must be reset. Call `prepare` next.
    init(_ exchange: Exchange, handle: UnsafeMutableRawPointer) {
        self.exchange = exchange
        self.handle = handle
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        begin = .now
        lastActivity = begin
        totalExpiry = begin.adding(exchange.request.limits.total)
        headExpiry = begin.adding(exchange.request.limits.head)
    }

    /// Only when the handle no longer points here: it was reset or freed.
    deinit {
        curl_slist_free_all(headerList)
        errorText.deallocate()
        if file >= 0 { close(file) }
    }

    /// Writes the request into the handle.
    func prepare(place: ServerPlace) throws(TransportError) {
        let request = exchange.request
        if let problem = request.problem { throw problem }
        let context = Unmanaged.passUnretained(self).toOpaque()
        setLong(CURLOPT_NOSIGNAL, 1)
        setLong(CURLOPT_PATH_AS_IS, 1)
        setLong(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        setLong(CURLOPT_BUFFERSIZE, 64 << 10)
        setString(CURLOPT_PROXY, "")
        switch place {
        case .socket(let path):
            setString(CURLOPT_UNIX_SOCKET_PATH, path)
            setString(CURLOPT_URL, "http://localhost" + request.target)
        case .port(let authority):
            setLong(CURLOPT_CONNECTTIMEOUT_MS, 5000)
            setString(CURLOPT_URL, "http://" + authority + request.target)
        }
        acode_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
        acode_curl_set_callback(handle, CURLOPT_HEADERFUNCTION, onHeader)
        acode_curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        acode_curl_set_callback(handle, CURLOPT_WRITEFUNCTION, onBody)
        acode_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        if !request.isRepeatable || request.needsNewConnection { setLong(CURLOPT_FRESH_CONNECT, 1) }
        if request.needsNewConnection { setLong(CURLOPT_FORBID_REUSE, 1) }
        try setBody(request, context: context)
        for field in request.headers.fields {
            headerList = curl_slist_append(headerList, "\(field.name): \(field.value)")
        }
        acode_curl_set_list(handle, CURLOPT_HTTPHEADER, headerList)
    }

    private func setBody(_ request: HTTPRequest, context: UnsafeMutableRawPointer) throws(TransportError) {
        switch request.body {
        case .none where request.method == .get:
            setLong(CURLOPT_HTTPGET, 1)
            return
        case .none where request.method == .head:
            setLong(CURLOPT_NOBODY, 1)
            return
        case .none where request.method == .delete:
            break
        case .none:
            setBytes([])
        case .bytes(let bytes):
            setBytes(bytes)
        case .file(let path):
            file = open(path, O_RDONLY | O_CLOEXEC)
            var facts = stat()
            guard file >= 0, fstat(file, &facts) == 0 else {
                throw TransportError(.uploadFailed, "can't read \(path)", systemErrno: errno)
            }
            setUpload(size: Int64(facts.st_size), context: context)
        case .writer:
            setUpload(size: -1, context: context)
        }
        setString(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
    }

    private func setBytes(_ bytes: [UInt8]) {
        setLong(CURLOPT_POST, 1)
        acode_curl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
        bytes.withUnsafeBytes { raw in
            guard let base = raw.baseAddress else { return setString(CURLOPT_COPYPOSTFIELDS, "") }
            acode_curl_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: base))
        }
        // libcurl would name a form's content type and wait for a 100 Continue before large bodies.
        if exchange.request.headers["Content-Type"] == nil {
            headerList = curl_slist_append(headerList, "Content-Type:")
        }
        headerList = curl_slist_append(headerList, "Expect:")
    }

    private func setUpload(size: Int64, context: UnsafeMutableRawPointer) {
        setLong(CURLOPT_UPLOAD, 1)
        setLong(CURLOPT_UPLOAD_BUFFERSIZE, 256 << 10)
        acode_curl_set_offset(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(size))
        acode_curl_set_callback(handle, CURLOPT_READFUNCTION, onUpload)
        acode_curl_set_pointer(handle, CURLOPT_READDATA, context)
        headerList = curl_slist_append(headerList, "Expect:")
    }

    private func setLong(_ option: CURLoption, _ value: Int) { acode_curl_set_long(handle, option, value) }

    private func setString(_ option: CURLoption, _ value: String) { acode_curl_set_string(handle, option, value) }

    // MARK: Callbacks of libcurl

    /// One line of a head. Returns false to give up.
    func receive(headerLine bytes: UnsafeRawBufferPointer) -> Bool {
        lastActivity = .now
        headBytes += bytes.count
        guard headBytes <= 1 << 20 else {
            failure = TransportError(.responseTooLarge, "the answer's head is larger than 1 MiB")
            return false
        }
        // Trailers of a chunked body come this way too.
        if hasHead { return true }
        let line = String(decoding: bytes, as: UTF8.self)[...].trimmingSpaces()
        if line.hasPrefix("HTTP/") {
            headers = HTTPHeaders()
        } else if line.isEmpty {
            let status = acode_curl_get_long(handle, CURLINFO_RESPONSE_CODE)
            if status >= 200 || status == 101 {
                hasHead = true
                exchange.receive(head: HTTPResponseHead(status: status, headers: headers))
            }
        } else {
            headers.append(line: line)
        }
        return true
    }

    /// Bytes of the body. Returns what libcurl wants to hear.
    func receive(body bytes: UnsafeRawBufferPointer) -> Int {
        lastActivity = .now
        switch exchange.receive(bytes) {
        case .taken:
            return bytes.count
        case .pause:
            isReceivePaused = true
            return Int(CURL_WRITEFUNC_PAUSE)
        case .tooLarge:
            failure = TransportError(
                .responseTooLarge, "the answer is larger than \(exchange.request.limits.responseBytes) bytes")
            return -1
        case .unwanted:
            failure = .cancelled
            return -1
        }
    }

    /// Room for bytes to send. Returns what libcurl wants to hear.
    func fill(_ room: UnsafeMutableRawBufferPointer) -> Int {
        lastActivity = .now
        switch exchange.request.body {
        case .file(let path):
            let count = read(file, room.baseAddress, room.count)
            if count >= 0 { return count }
            failure = TransportError(.uploadFailed, "can't read \(path)", systemErrno: errno)
            return Int(CURL_READFUNC_ABORT)
        case .writer(let writer):
            switch writer.take(into: room) {
            case .bytes(let count):
                return count
            case .wait:
                isSendPaused = true
                return Int(CURL_READFUNC_PAUSE)
            case .failed:
                failure = TransportError(.uploadFailed, "the request's body was given up by its writer")
                return Int(CURL_READFUNC_ABORT)
            }
        case .none, .bytes:
            return 0
        }
    }

    // MARK: The loop's side

    /// Goes on receiving or sending after a pause.
    func unpause(receive: Bool, send: Bool) {
        let receive = receive && isReceivePaused
        let send = send && isSendPaused
        guard receive || send else { return }
        if receive { isReceivePaused = false }
        if send { isSendPaused = false }
        lastActivity = .now
        // libcurl delivers what it kept inside this call, so the flags may be set again when it returns.
        curl_easy_pause(handle, (isReceivePaused ? CURLPAUSE_RECV : 0) | (isSendPaused ? CURLPAUSE_SEND : 0))
    }

    /// When the next limit passes if nothing more happens.
    var expiry: Nanoseconds {
        var expiry = min(totalExpiry, hasHead ? .never : headExpiry)
        if !isReceivePaused, !isSendPaused { expiry = min(expiry, lastActivity.adding(exchange.request.limits.idle)) }
        return expiry
    }

    /// Which limit passed at `now`, in words.
    func expired(at now: Nanoseconds) -> TransportError? {
        guard expiry <= now else { return nil }
        let limits = exchange.request.limits
        let (name, span): (String, Duration?) =
            if totalExpiry <= now {
                ("no complete answer", limits.total)
            } else if !hasHead, headExpiry <= now {
                ("no answer", limits.head)
            } else {
                ("nothing came", limits.idle)
            }
        return TransportError(.timedOut, "\(name) within \(span?.inSeconds ?? "the limit")")
    }

    /// Whether the connection failed only because the server's queue of connections was full, for up to two seconds.
    ///
    /// On a Unix socket that is EAGAIN at once, where TCP would wait; libcurl takes it for a connect in progress and then
    /// knows no error number. Nothing was sent, so that trying again is safe for every request.
    func shouldConnectAgain(_ result: CURLcode) -> Bool {
        guard result == CURLE_COULDNT_CONNECT, Nanoseconds.now < begin.adding(.seconds(2)) else { return false }
        let number = systemErrno
        return number == 0 || number == EAGAIN
    }

    private var systemErrno: Int32 { Int32(truncatingIfNeeded: acode_curl_get_long(handle, CURLINFO_OS_ERRNO)) }

    /// The result libcurl reported, in our words.
    func outcome(_ result: CURLcode, socketPath: String) -> Result<Void, TransportError> {
        if let failure { return .failure(failure) }
        if result == CURLE_OK { return .success(()) }
        return .failure(
            TransportError(
                curl: result, systemErrno: systemErrno,
                detail: String(cString: errorText), socketPath: socketPath))
    }
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
    context.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
}

private func onHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
)
    -> Int
{
    let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
    return transfer(context)?.receive(headerLine: line) == true ? line.count : -1
}

private func onBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
)
    -> Int
{
    transfer(context)?.receive(body: UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? -1
}

private func onUpload(
    _ room: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
)
    -> Int
{
    transfer(context)?.fill(UnsafeMutableRawBufferPointer(start: room, count: size * count)) ?? Int(CURL_READFUNC_ABORT)
}

extension Duration {
    /// For people: `1.5 s`.
    var inSeconds: String {
        let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
    }
}
