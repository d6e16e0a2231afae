import CAgentSystem
import Glibc

/// Writes a task's standard input into its pipe as fast as the task reads, and closes it then.
final class InputFeeder {
    /// Our end; nil once all is written or nobody reads any more.
    private(set) var pipe: Descriptor?
    private let bytes: [UInt8]
    private var position = 0

    /// Makes the pipe.
    ///
    /// - Returns: the feeder and the task's end.
    static func make(_ bytes: [UInt8]) throws(SystemError) -> (feeder: InputFeeder, childEnd: Descriptor) {
        let (reading, writing) = try Pipe.make()
        cagent_set_nonblocking(writing.number)
        return (InputFeeder(pipe: writing, bytes: bytes), reading)
    }

    private init(pipe: Descriptor, bytes: [UInt8]) {
        self.pipe = pipe
        self.bytes = bytes
    }

    /// Writes what fits.
    func feed() {
        while let current = pipe {
            guard position < bytes.count else { return close() }
            switch bytes.withUnsafeBytes({ current.write(UnsafeRawBufferPointer(rebasing: $0[position...])) }) {
            case .bytes(let count): position += count
            case .wouldBlock: return
            case .ended, .failed: return close()
            }
        }
    }

    /// Gives the rest up.
    func close() {
        pipe = nil
    }
}

/// An anonymous pipe, closed on exec.
enum Pipe {
    static func make() throws(SystemError) -> (reading: Descriptor, writing: Descriptor) {
        var numbers: [Int32] = [0, 0]
        guard cagent_pipe(&numbers) == 0 else { throw SystemError("pipe2") }
        return (Descriptor(numbers[0]), Descriptor(numbers[1]))
    }
}
