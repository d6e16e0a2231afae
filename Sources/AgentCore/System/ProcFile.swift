import Glibc

/// Small files of the kernel's file systems.
enum ProcFile {
    /// The first `limit` bytes of a file as text, or nil when it can't be opened.
    static func text(_ path: String, limit: Int = 1 << 20) -> String? {
        bytes(path, limit: limit).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The first `limit` bytes of a file, or nil when it can't be opened.
    static func bytes(_ path: String, limit: Int = 1 << 20) -> [UInt8]? {
        guard let file = open(path) else { return nil }
        var content: [UInt8] = []
        while content.count < limit {
            let piece = [UInt8](unsafeUninitializedCapacity: 16 * 1024) { buffer, count in
                guard case .bytes(let read) = file.read(into: UnsafeMutableRawBufferPointer(buffer)) else { return }
                count = read
            }
            if piece.isEmpty { break }
            content += piece
        }
        return content
    }

    /// The current text of a kept-open file, at most 4 KiB.
    static func reread(_ file: Descriptor) -> String? {
        let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            count = max(0, pread(file.number, buffer.baseAddress, buffer.count, 0))
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// Opens for reading, or for reading and writing.
    static func open(_ path: String, writable: Bool = false) -> Descriptor? {
        let number = Glibc.open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC)
        return number < 0 ? nil : Descriptor(number)
    }
}
