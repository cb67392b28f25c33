import { useEffect, useRef, useState } from 'react';
import { useDeploymentLog, type LogLine } from './logs.ts';

/** The log of a deployment while it is written. It stays at the end until somebody scrolls up. */
export function LogView({ id, title }: { id: string; title: string }) {
  const { lines, isComplete, problem } = useDeploymentLog(id);
  const box = useRef<HTMLDivElement>(null);
  const [isAtEnd, setIsAtEnd] = useState(true);
  useEffect(() => {
    if (isAtEnd && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, isAtEnd]);
  const onScroll = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = box.current ?? { scrollTop: 0, scrollHeight: 0, clientHeight: 0 };
    setIsAtEnd(scrollHeight - scrollTop - clientHeight < 24);
  };
  return (
    <div className="log-frame">
      <div className="log" ref={box} onScroll={onScroll} role="log" aria-label={`Log of ${title}`} tabIndex={0}>
        {lines.map((line) => (
          <Line key={line.cursor} line={line} />
        ))}
        {lines.length === 0 && (
          <p className="log-empty">{isComplete ? 'No lines yet. They appear here as they are written.' : 'Loading the log …'}</p>
        )}
      </div>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {!isAtEnd && (
        <button type="button" className="log-end" onClick={() => setIsAtEnd(true)}>
          Follow the end
        </button>
      )}
    </div>
  );
}

function Line({ line: { timestamp, level, message } }: { line: LogLine }) {
  return (
    <div className="log-line" data-level={level}>
      <time dateTime={timestamp}>{new Date(timestamp).toLocaleTimeString('en-GB')}</time>
      <span className="log-level">{level}</span>
      <span>{message}</span>
    </div>
  );
}
