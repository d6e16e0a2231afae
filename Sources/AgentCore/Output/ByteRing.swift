/// A queue of bytes in one piece of memory that grows up to a bound. Pure.
struct ByteRing {
    private static let smallest = 64 * 1024
    private let limit: Int
    private var storage: [UInt8] = []
    private var head = 0
    private(set) var count = 0

    /// Makes a ring that holds at most `limit` bytes.
    init(limit: Int) {
        self.limit = limit
    }

    /// How many more bytes fit.
    var free: Int { limit - count }

    /// Lets `body` write to at most `wanted` free bytes in a row and say how many it wrote.
    ///
    /// - Returns: what `body` said; 0 when the ring is full.
    mutating func append(upTo wanted: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        if storage.count - count < wanted { grow(for: wanted) }
        // Starting over at the front keeps the free space in one piece, which makes for large reads.
        if count == 0 { head = 0 }
        let tail = storage.isEmpty ? 0 : (head + count) % storage.count
        let contiguous = min(storage.count - count, storage.count - tail, wanted)
        guard contiguous > 0 else { return 0 }
        let written = storage.withUnsafeMutableBytes {
            body(UnsafeMutableRawBufferPointer(rebasing: $0[tail..<tail + contiguous]))
        }
        count += written
        return written
    }

    /// Shows at most `wanted` bytes in a row, `position` bytes from the oldest one.
    func withBytes<Result>(at position: Int, upTo wanted: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        guard position < count else { return body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        let start = (head + position) % storage.count
        let contiguous = min(count - position, storage.count - start, wanted)
        return storage.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<start + contiguous])) }
    }

    /// How many bytes lie in a row from `position` on.
    func contiguous(at position: Int) -> Int {
        guard position < count else { return 0 }
        return min(count - position, storage.count - (head + position) % storage.count)
    }

    /// Forgets the oldest bytes.
    mutating func removeFirst(_ number: Int) {
        let number = min(number, count)
        guard number > 0 else { return }
        head = (head + number) % storage.count
        count -= number
    }

    private mutating func grow(for wanted: Int) {
        var size = max(storage.count, Self.smallest)
        while size - count < wanted, size < limit { size *= 2 }
        size = min(size, limit)
        guard size > storage.count else { return }
        let older = storage[..<head].prefix(max(0, head + count - storage.count))
        var larger: [UInt8] = []
        larger.reserveCapacity(size)
        larger += storage[head...].prefix(count)
        larger += older
        larger += repeatElement(0, count: size - larger.count)
        storage = larger
        head = 0
    }
}
