import Glibc

/// Where this program lies.
enum ExecutablePath {
    /// The directory of the running executable, or nil when `/proc` does not tell.
    static func directory() -> String? {
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
            buffer.withMemoryRebound(to: CChar.self) {
                guard let start = $0.baseAddress else { return }
                count = max(0, readlink("/proc/self/exe", start, $0.count))
            }
        }
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")), slash > 0 else { return nil }
        return String(decoding: bytes[..<slash], as: UTF8.self)
    }
}

/// The environment this process was started with.
enum ProcessEnvironment {
    /// The `K=V` entries.
    static func entries() -> [String] {
        let bytes = ProcFile.bytes("/proc/self/environ", limit: 4 << 20) ?? []
        return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Random names.
enum RandomID {
    /// 128 random bits in hexadecimal.
    static func make() -> String {
        (0..<4).map { _ in
            let digits = String(UInt32.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }
}
