import Glibc

/// One direction of a relayed connection. Holds at most one piece that its receiver has not taken yet, and reads no more
/// until that is gone, so that a slow receiver slows its sender and costs no memory.
struct RelayLane {
    private let source: Descriptor
    private let sink: Descriptor
    private var held: [UInt8] = []
    private var taken = 0
    private var sourceEnded = false
    /// Whether all that will ever come has been passed on, and the receiver told so.
    private(set) var isDone = false
    /// Whether one of the ends is broken.
    private(set) var isBroken = false

    init(from source: Descriptor, to sink: Descriptor) {
        self.source = source
        self.sink = sink
    }

    /// Whether it waits for its sender.
    var wantsToRead: Bool { !isDone && held.isEmpty && !sourceEnded }
    /// Whether it waits for its receiver.
    var wantsToWrite: Bool { !isDone && !held.isEmpty }

    /// Moves what can be moved without waiting, at most one piece.
    mutating func move(_ scratch: UnsafeMutableRawBufferPointer) {
        if isDone || isBroken { return }
        if held.isEmpty, !sourceEnded { read(scratch) }
        if !held.isEmpty { write() }
        guard held.isEmpty, sourceEnded, !isBroken else { return }
        shutdown(sink.number, Int32(SHUT_WR))
        isDone = true
    }

    private mutating func read(_ scratch: UnsafeMutableRawBufferPointer) {
        switch source.read(into: scratch) {
        case .bytes(let count):
            let piece = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(scratch)[..<count])
            // Most pieces are taken whole and at once, and then are never copied.
            let sent: Int
            switch sink.write(piece) {
            case .bytes(let bytes): sent = bytes
            case .wouldBlock: sent = 0
            case .ended, .failed:
                isBroken = true
                return
            }
            if sent < count { held = Array(piece[sent...]) }
            taken = 0
        case .wouldBlock: break
        case .ended: sourceEnded = true
        case .failed: isBroken = true
        }
    }

    private mutating func write() {
        let result = held.withUnsafeBytes { sink.write(UnsafeRawBufferPointer(rebasing: $0[taken...])) }
        switch result {
        case .bytes(let count):
            taken += count
            if taken == held.count { (held, taken) = ([], 0) }
        case .wouldBlock: break
        case .ended, .failed: isBroken = true
        }
    }
}
