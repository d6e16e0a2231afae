package import Logging

/// Turns log messages into lines and writes them.
package struct AcodeLogHandler: LogHandler {
    /// Messages below it are not logged.
    package var logLevel: Logger.Level
    /// What every message of this logger is about.
    package var metadata: Logger.Metadata = [:]
    /// Adds what the current task is about.
    package var metadataProvider: Logger.MetadataProvider?

    private let format: LogFormat
    private let appName: String
    private let writer: LogWriter

    /// Makes a handler.
    package init(
        format: LogFormat, level: Logger.Level, appName: String, writer: LogWriter,
        metadataProvider: Logger.MetadataProvider? = nil
    ) {
        self.format = format
        logLevel = level
        self.appName = appName
        self.writer = writer
        self.metadataProvider = metadataProvider
    }

    package subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line. Returns at once, also when nobody reads.
    package func log(event: LogEvent) {
        var all = metadata
        for more in [metadataProvider?.get(), event.metadata].compactMap({ $0 }) { all.merge(more) { _, new in new } }
        if let error = event.error { all["error.message"] = "\(error)" }
        let record = LogRecord(time: .now(), level: event.level, message: "\(event.message)", metadata: all)
        writer.write(format.line(record, appName: appName))
    }
}

/// Sets up logging for the whole process.
package enum LogSetup {
    /// Makes every `Logger` made from now on write to a descriptor. To be called once, first.
    ///
    /// - Parameters:
    ///   - format: how lines look.
    ///   - level: the least severe messages that are logged.
    ///   - appName: what the process calls itself, in `app_name`.
    ///   - descriptor: standard error unless told otherwise.
    /// - Returns: the writer, to be flushed before the process ends.
    package static func bootstrap(
        format: LogFormat, level: Logger.Level, appName: String = "acode", descriptor: Int32 = 2
    ) -> LogWriter {
        let writer = LogWriter(descriptor: descriptor) { dropped in
            let record = LogRecord(
                time: .now(), level: .warning, message: "log lines dropped, because nobody read them in time",
                metadata: ["log.dropped": .stringConvertible(dropped)])
            return format.line(record, appName: appName)
        }
        LoggingSystem.bootstrap(
            { _, provider in
                AcodeLogHandler(
                    format: format, level: level, appName: appName, writer: writer, metadataProvider: provider)
            }, metadataProvider: nil)
        return writer
    }
}
