internal import CLibCurl
internal import Glibc

extension TransportError {
    /// What libcurl's result and the system's error number mean. `detail` is libcurl's own sentence, if it has one.
    init(curl result: CURLcode, systemErrno: Int32, detail: String, socketPath: String) {
        let number: Int32? = systemErrno == 0 ? nil : systemErrno
        func error(_ code: Code, _ message: String) -> TransportError {
            TransportError(code, message, curlCode: result.rawValue, systemErrno: number)
        }
        let words = detail.isEmpty ? String(cString: curl_easy_strerror(result)) : detail
        switch result {
        case CURLE_COULDNT_CONNECT:
            switch systemErrno {
            case ENOENT, ENOTDIR: self = error(.socketMissing, "there is no socket at \(socketPath)")
            case EACCES, EPERM: self = error(.permissionDenied, "no permission to open the socket \(socketPath)")
            case ECONNREFUSED: self = error(.connectionRefused, "nobody listens on the socket \(socketPath)")
            case 0, EAGAIN:
                self = error(.connectFailed, "could not connect to \(socketPath): its queue of connections is full")
            default: self = error(.connectFailed, "could not connect to \(socketPath): \(words)")
            }
        case CURLE_GOT_NOTHING:
            self = error(.noAnswer, "the connection was closed without an answer")
        case CURLE_PARTIAL_FILE:
            self = error(.cut, "the connection ended in the middle of the answer")
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR:
            self = error(.cut, "the connection broke: \(words)")
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING:
            self = error(.malformedAnswer, "the answer is not HTTP: \(words)")
        case CURLE_OPERATION_TIMEDOUT:
            self = error(.timedOut, "timed out: \(words)")
        default:
            self = error(.other, words)
        }
    }
}
