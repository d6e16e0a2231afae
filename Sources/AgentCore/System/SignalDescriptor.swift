import CAgentSystem
import Glibc

/// Receives the process's signals as bytes to read, in the order of the loop.
final class SignalDescriptor {
    let descriptor: Descriptor

    /// Blocks the signals in `numbers`, ignores SIGPIPE, and opens a descriptor for them.
    init(_ numbers: [Int32]) throws(SystemError) {
        var mask = sigset_t()
        sigemptyset(&mask)
        for number in numbers { sigaddset(&mask, number) }
        signal(SIGPIPE, SIG_IGN)
        guard sigprocmask(SIG_BLOCK, &mask, nil) == 0 else { throw SystemError("sigprocmask") }
        let number = cagent_signal_descriptor(&mask)
        guard number >= 0 else { throw SystemError("signalfd") }
        descriptor = Descriptor(number)
    }

    /// The signals that have come since the last call.
    func take() -> [Int32] {
        var numbers: [Int32] = []
        while true {
            let number = cagent_next_signal(descriptor.number)
            if number == 0 { return numbers }
            numbers.append(number)
        }
    }
}
