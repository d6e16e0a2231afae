internal import Foundation
internal import Glibc
internal import Settings
internal import Synchronization
internal import WorkerPool

/// Shows pulls on standard error: on a terminal as one line that renews itself, elsewhere as a line every few seconds.
final class PullDisplay: Sendable {
    private struct State {
        var begun: [String: ContinuousClock.Instant] = [:]
        var lastLine: ContinuousClock.Instant?
        var isLineOpen = false
    }

    /// Whether standard error is a terminal.
    let isTerminal: Bool
    private let state = Mutex(State())

    init(isTerminal: Bool = isatty(STDERR_FILENO) == 1) { self.isTerminal = isTerminal }

    /// Shows the pulls of a supervisor on its terminal; `nil` where log lines must do.
    static func forSupervisor(_ logs: LogSettings) -> PullListener? {
        let display = PullDisplay()
        guard display.isTerminal, logs.format != .json else { return nil }
        return { display.take($0, $1) }
    }

    /// Shows an event.
    func take(_ reference: String, _ event: PullEvent) {
        state.withLock { state in
            switch event {
            case .began:
                if state.begun[reference] == nil { state.begun[reference] = .now }
                if !isTerminal, state.lastLine == nil { write("pulling \(reference)", &state) }
            case .progress(let summary): progress(reference, summary, &state)
            case .failed(let words, let wait):
                write(
                    "pulling \(reference): \(words); trying again in \(HumanText.duration(wait / .seconds(1)))", &state)
            case .pulled, .ended:
                state.begun[reference] = nil
                close(&state)
            case .warning(let words): write("warning: \(words)", &state)
            }
        }
    }

    /// Ends the open line, so that what comes next begins a new one.
    func close() { state.withLock { close(&$0) } }

    private func progress(_ reference: String, _ summary: PullSummary, _ state: inout State) {
        let now = ContinuousClock.now
        let begun = state.begun[reference] ?? now
        state.begun[reference] = begun
        let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(3)
        if let last = state.lastLine, now - last < pause { return }
        let line = PullLine(reference: reference, summary: summary, elapsed: (now - begun) / .seconds(1))
        if isTerminal {
            state.lastLine = now
            state.isLineOpen = true
            // Ends at the line's beginning, so that a log line that comes between takes its place.
            put("\r\u{1B}[2K" + line.text(width: Self.width - 1) + "\r")
        } else {
            write(line.text(width: 120), &state)
        }
    }

    private func write(_ line: String, _ state: inout State) {
        close(&state)
        state.lastLine = .now
        put(line.onOneLine + "\n")
    }

    private func close(_ state: inout State) {
        guard state.isLineOpen else { return }
        state.isLineOpen = false
        put("\r\u{1B}[2K")
    }

    private func put(_ text: String) { DescriptorWriter.write(Array(text.utf8), to: STDERR_FILENO) }

    /// Columns of the terminal.
    private static var width: Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }
}
