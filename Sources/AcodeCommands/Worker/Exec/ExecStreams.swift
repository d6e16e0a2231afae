internal import ContainerEngine
internal import Glibc
internal import HTTPTransport

/// Carries bytes between this process and a command in a container until the command has closed its output, or `stop`.
///
/// `run` blocks: it polls, so that neither direction waits for the other, on a thread of its own.
final class ExecStreams: Sendable {
    private let connection: UpgradedConnection
    private let hasInput: Bool
    private let hasTerminal: Bool
    /// A pipe whose end wakes the poll.
    private let stopReader: Int32
    private let stopWriter: Int32

    init(_ connection: UpgradedConnection, hasInput: Bool, hasTerminal: Bool) {
        self.connection = connection
        self.hasInput = hasInput
        self.hasTerminal = hasTerminal
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        (stopReader, stopWriter) = (ends[0], ends[1])
    }

    deinit {
        close(stopReader)
        close(stopWriter)
    }

    /// Ends `run` now, whatever the command does.
    func stop() {
        var byte: UInt8 = 0
        _ = write(stopWriter, &byte, 1)
    }

    /// Carries bytes until the end.
    func run() {
        let socket = connection.descriptor
        var decoder = LogFrameDecoder()
        guard show(connection.rest, &decoder) else { return }
        var input = Input(isOpen: hasInput)
        var buffer = [UInt8](repeating: 0, count: 32 << 10)
        while true {
            var watched = [
                pollfd(fd: stopReader, events: Int16(POLLIN), revents: 0),
                pollfd(fd: socket, events: Int16(POLLIN) | (input.pending.isEmpty ? 0 : Int16(POLLOUT)), revents: 0),
                pollfd(fd: input.wantsMore ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0),
            ]
            if poll(&watched, 3, -1) < 0 {
                if errno == EINTR { continue }
                return
            }
            if watched[0].revents != 0 { return }
            if watched[1].revents & Int16(POLLOUT) != 0 { input.send(to: socket) }
            if watched[1].revents & ~Int16(POLLOUT) != 0 {
                let count = recv(socket, &buffer, buffer.count, 0)
                if count < 0, errno == EINTR { continue }
                guard count > 0, show(Array(buffer[..<count]), &decoder) else { return }
            }
            if watched[2].revents != 0 { input.read(&buffer, then: socket) }
        }
    }

    /// Prints what the command wrote. False when its frames can't be read.
    private func show(_ bytes: [UInt8], _ decoder: inout LogFrameDecoder) -> Bool {
        guard !hasTerminal else {
            if !bytes.isEmpty { DescriptorWriter.write(bytes, to: STDOUT_FILENO) }
            return true
        }
        decoder.append(bytes)
        do {
            while let frame = try decoder.next() {
                DescriptorWriter.write(frame.bytes, to: frame.stream == .stdout ? STDOUT_FILENO : STDERR_FILENO)
            }
            return true
        } catch {
            return false
        }
    }

    /// What goes to the command: at most one buffer of it is held.
    private struct Input {
        var isOpen: Bool
        var pending: ArraySlice<UInt8> = []

        var wantsMore: Bool { isOpen && pending.isEmpty }

        mutating func read(_ buffer: inout [UInt8], then socket: Int32) {
            let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, errno == EINTR || errno == EAGAIN { return }
            guard count > 0 else {
                isOpen = false
                shutdown(socket, Int32(SHUT_WR))
                return
            }
            pending = buffer[..<count]
        }

        mutating func send(to socket: Int32) {
            let count = pending.withUnsafeBytes {
                Glibc.send(
                    socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count > 0 {
                pending = pending.dropFirst(count)
            } else if count < 0, errno != EINTR, errno != EAGAIN {
                // It reads no more; its output may still come.
                (isOpen, pending) = (false, [])
            }
        }
    }
}
