"""What a 4.9 broker needs in its home. Text, no files."""

_LOGBACK = """<configuration>
  <appender name="broker" class="ch.qos.logback.core.rolling.RollingFileAppender">
    <file>${user.home}/logs/rocketmqlogs/broker.log</file>
    <rollingPolicy class="ch.qos.logback.core.rolling.FixedWindowRollingPolicy">
      <fileNamePattern>${user.home}/logs/rocketmqlogs/broker.%i.log</fileNamePattern>
      <maxIndex>1</maxIndex>
    </rollingPolicy>
    <triggeringPolicy class="ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy">
      <maxFileSize>64MB</maxFileSize>
    </triggeringPolicy>
    <encoder><pattern>%d{yyyy-MM-dd HH:mm:ss} %p %t - %m%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="broker"/></root>
</configuration>
"""

RELEASE_FILES = {"rocketmq-4.9": {"conf/logback_broker.xml": _LOGBACK}}
"""Files that a release's broker wants below its home: without this one 4.9 ends before it says anything."""
