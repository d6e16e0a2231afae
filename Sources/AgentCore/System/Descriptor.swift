import Glibc

/// Owns an open file descriptor and closes it with its last reference.
final class Descriptor {
    let number: Int32

    init(_ number: Int32) {
        self.number = number
    }

    deinit {
        close(number)
    }

    /// What a non-blocking transfer did.
    enum Transfer: Equatable {
        /// So many bytes were moved, at least one.
        case bytes(Int)
        /// Nothing can be moved now.
        case wouldBlock
        /// End of file, on reading.
        case ended
        /// The descriptor is of no more use; `errno`.
        case failed(Int32)
    }

    /// `read(2)`, again after EINTR.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        Self.transfer { Glibc.read(number, buffer.baseAddress, buffer.count) }
    }

    /// `write(2)`, again after EINTR.
    func write(_ buffer: UnsafeRawBufferPointer) -> Transfer {
        Self.transfer { Glibc.write(number, buffer.baseAddress, buffer.count) }
    }

    /// `writev(2)` of two buffers, again after EINTR.
    func write(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Transfer {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { vectors in
            vectors[0] = iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count)
            vectors[1] = iovec(iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count)
            return Self.transfer { writev(number, vectors.baseAddress, 2) }
        }
    }

    static func transfer(_ call: () -> Int) -> Transfer {
        while true {
            let count = call()
            if count > 0 { return .bytes(count) }
            if count == 0 { return .ended }
            let code = errno
            if code == EINTR { continue }
            return code == EAGAIN || code == EWOULDBLOCK ? .wouldBlock : .failed(code)
        }
    }
}
